-- From which network a link was asked for, as a keyed fingerprint: whoever asks for somebody
-- else's links uses up their own share of them, not the person's.
SET LOCAL lock_timeout = '5s';

ALTER TABLE admin_sign_ins ADD COLUMN network text NOT NULL DEFAULT '';
