-- What is wanted of a partner while a grant is in that state.
CREATE OR REPLACE FUNCTION partners_wanted(grant_state text, suspends_in_grace boolean) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $function$
    SELECT CASE
        WHEN grant_state = 'live' THEN 'active'
        WHEN grant_state <> 'in_grace' THEN 'revoked'
        WHEN suspends_in_grace THEN 'suspended'
        ELSE 'active'
    END
$function$;

-- By which command a fulfilment gets nearer to what is wanted of it; NULL: by none. What is revoked is so for good.
-- Where an order was accepted and is wanted again, to resume it changes nothing, and so it asks.
CREATE OR REPLACE FUNCTION partners_needed(state text, wanted text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $function$
    SELECT CASE
        WHEN state = wanted OR state = 'revoked' THEN NULL
        WHEN wanted = 'revoked' THEN 'revoke'
        WHEN state IN ('requested', 'failed') THEN 'provision'
        WHEN wanted = 'suspended' THEN 'suspend'
        ELSE 'resume'
    END
$function$;
