-- A platform's own colours, corners and typefaces, as its mails take them. Site owns them, like
-- the whole row; nothing set means ours.
SET LOCAL lock_timeout = '5s';

ALTER TABLE platform_names ADD COLUMN mail_look jsonb NOT NULL DEFAULT '{}';
