-- I-11: whatever was refused of an order is named in exactly one mail about that order.
-- holds: at rest
SELECT format('a refusal is named in %s mails', count(mails.mail_id)) AS what,
    ARRAY[part.order_id, part.campaign] AS evidence
FROM checkout.order_campaigns AS part
LEFT JOIN pledges.pledges AS pledge ON pledge.order_id = part.order_id
LEFT JOIN notify.mails ON (
    mails.kind = 'pledge_confirmed' AND mails.cause = pledge.pledge_id || ':1'
    OR mails.kind = 'not_counted' AND split_part(mails.cause, ':', 1) = part.order_id
) AND (
    mails.kind = 'not_counted' AND mails.campaign = part.campaign
    OR mails.facts -> 'refused' @> jsonb_build_array(jsonb_build_object('campaign', part.campaign))
)
WHERE part.state = 'refused'
GROUP BY part.order_id, part.campaign
HAVING count(DISTINCT mails.mail_id) <> 1
