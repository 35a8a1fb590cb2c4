"""Functions of the audit trail: masks of personal data, and contexts that are only ever added to."""

from django.db import migrations

MASKS = """
CREATE FUNCTION mask_name(name text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN name = '' THEN '' ELSE left(name, 1) || '**' END
$$;
CREATE FUNCTION mask_mobile(mobile text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE
        WHEN mobile = '' THEN ''
        WHEN length(mobile) >= 11 THEN left(mobile, 3) || '****' || right(mobile, 4)
        ELSE left(mobile, 1) || '****'
    END
$$;
CREATE FUNCTION mask_email(email text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE
        WHEN email = '' THEN ''
        WHEN strpos(email, '@') > 0 THEN left(email, 1) || '***' || substr(email, strpos(email, '@'))
        ELSE left(email, 1) || '***'
    END
$$;
"""
DROP_MASKS = "DROP FUNCTION mask_name(text), mask_mobile(text), mask_email(text);"

# pghistory upserts the context of a request with each change it makes, so a context may gain facts within the
# transaction that made it (created_at is its start); what it says never changes, and it never goes.
CONTEXTS = """
CREATE FUNCTION operations_keep_context() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.id = OLD.id AND NEW.created_at = OLD.created_at AND (
        NEW.metadata = OLD.metadata OR (OLD.created_at = now() AND NEW.metadata @> OLD.metadata)
    ) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'the audit trail only grows: % of a context refused', TG_OP USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER keep_context BEFORE UPDATE OR DELETE ON pghistory_context
    FOR EACH ROW EXECUTE FUNCTION operations_keep_context();
CREATE TRIGGER keep_contexts BEFORE TRUNCATE ON pghistory_context
    FOR EACH STATEMENT EXECUTE FUNCTION operations_keep_context();
"""
DROP_CONTEXTS = """
DROP TRIGGER keep_context ON pghistory_context;
DROP TRIGGER keep_contexts ON pghistory_context;
DROP FUNCTION operations_keep_context();
"""

# Django's own log says who changed groups and rights.
ADMIN_LOG = """
CREATE FUNCTION operations_keep_log() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% only grows: % refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER keep_log BEFORE UPDATE OR DELETE OR TRUNCATE ON django_admin_log
    FOR EACH STATEMENT EXECUTE FUNCTION operations_keep_log();
"""
DROP_ADMIN_LOG = """
DROP TRIGGER keep_log ON django_admin_log;
DROP FUNCTION operations_keep_log();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("operations", "0001_initial"),
        ("pghistory", "0007_auto_20250421_0444"),
        ("admin", "0003_logentry_add_action_flag_choices"),
    ]

    operations = [
        migrations.RunSQL(MASKS, DROP_MASKS),
        migrations.RunSQL(CONTEXTS, DROP_CONTEXTS),
        migrations.RunSQL(ADMIN_LOG, DROP_ADMIN_LOG),
    ]
