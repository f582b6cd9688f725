-- Run once, on a new cluster. What belongs to The Pool is closed by its migrations; this
-- closes the databases every cluster begins with, where its roles have nothing to do.
REVOKE CONNECT, TEMPORARY ON DATABASE postgres FROM PUBLIC;
REVOKE CONNECT, TEMPORARY ON DATABASE template1 FROM PUBLIC;
