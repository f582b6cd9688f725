-- After a restore the operator's word that money may move again opens the platform as well.
SET LOCAL lock_timeout = '5s';

GRANT EXECUTE ON FUNCTION platform.end_recovery(text) TO {service_role};
