-- The two roles of an installation, and who may do what in its database. Run once by psql, as a superuser, in the empty
-- database "doorward". The passwords are those in the addresses that deploy/make-secrets.sh has written.
\set ON_ERROR_STOP on
\set owner_password `sed 's|^[^:]*://[^:]*:\([^@]*\)@.*$|\1|' "${OWNER_URL_FILE:-/run/secrets/owner-url}"`
\set application_password `sed 's|^[^:]*://[^:]*:\([^@]*\)@.*$|\1|' "${APPLICATION_URL_FILE:-/run/secrets/application-url}"`

-- Owns the tables; used by "doorward migrate" and by nothing that runs on.
create role doorward_owner login password :'owner_password';
-- The server: owns nothing. "doorward migrate" gives it its rights, table by table.
create role doorward_app login password :'application_password';

alter database doorward owner to doorward_owner;
revoke all on database doorward from public;
grant connect on database doorward to doorward_app;
revoke all on schema public from public;
grant usage, create on schema public to doorward_owner;
