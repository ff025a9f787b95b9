-- name: endpoint_list
SELECT e.customer, e.arn, e.user_id, e.alarm, e.notice, e.level, e.escalate, e.remind, e.dead,
       (SELECT json_group_array(b.building) FROM endpoint_building b WHERE b.customer = e.customer AND b.arn = e.arn)
    FROM endpoint e WHERE (CAST($1 AS TEXT) IS NULL OR e.customer = $1) ORDER BY e.customer, e.arn;
