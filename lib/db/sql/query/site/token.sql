-- name: web_user_put
INSERT INTO web_user (user_id, customer, name, mail, role, created, changed) VALUES ($1, $2, $3, $4, $5, $6, $6)
    ON CONFLICT (user_id) DO UPDATE SET name = coalesce(excluded.name, web_user.name),
        mail = coalesce(excluded.mail, web_user.mail), role = excluded.role, changed = excluded.changed
    WHERE web_user.customer = excluded.customer;

-- name: web_user_get
SELECT customer, name, mail, role FROM web_user WHERE user_id = $1;

-- name: web_user_building_drop
DELETE FROM web_user_building WHERE user_id = $1;

-- name: web_user_building_add
INSERT INTO web_user_building (user_id, building) VALUES ($1, $2) ON CONFLICT (user_id, building) DO NOTHING;

-- name: web_user_building_has
SELECT 1 FROM web_user_building WHERE user_id = $1 AND building IN ($2, '*') LIMIT 1;

-- name: web_user_buildings
SELECT b.building, b.name, b.timezone FROM building b
    WHERE b.customer = $1 AND EXISTS (SELECT 1 FROM web_user_building u
        WHERE u.user_id = $2 AND u.building IN (b.building, '*'))
    ORDER BY b.building;

-- name: web_token_add
INSERT INTO web_token (digest, user_id, created, expires) VALUES ($1, $2, $3, $4);

-- name: web_token_get
SELECT t.expires, t.revoked, u.user_id, u.customer, u.name, u.mail, u.role
    FROM web_token t JOIN web_user u ON u.user_id = t.user_id WHERE t.digest = $1;

-- name: web_token_used
UPDATE web_token SET used = $2 WHERE digest = $1;

-- name: web_token_revoke
UPDATE web_token SET revoked = $3
    WHERE revoked IS NULL AND (user_id = $1 OR substr(digest, 1, 12) = $1)
      AND (CAST($2 AS TEXT) IS NULL OR user_id IN (SELECT u.user_id FROM web_user u WHERE u.customer = $2));

-- name: web_token_list
SELECT substr(t.digest, 1, 12), u.user_id, u.customer, u.name, u.mail, u.role,
       t.created, t.expires, t.revoked, t.used
    FROM web_user u JOIN web_token t ON t.user_id = u.user_id
    WHERE (CAST($1 AS TEXT) IS NULL OR u.customer = $1) ORDER BY u.customer, u.user_id, t.created, t.digest;

-- name: web_user_building_list
SELECT building FROM web_user_building WHERE user_id = $1 ORDER BY building;
