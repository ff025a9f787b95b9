-- What goes with a gateway that is purged, and with the last one of a building.

-- name: purge_alarm_history
DELETE FROM alarm_history WHERE alarm IN (SELECT id FROM alarm WHERE thing = $1);

-- name: purge_alarm
DELETE FROM alarm WHERE thing = $1;

-- name: purge_presence
DELETE FROM presence WHERE thing = $1;

-- name: purge_rule_watch
DELETE FROM rule_watch WHERE thing = $1;

-- name: purge_gap_request
DELETE FROM gap_request WHERE thing = $1;

-- name: purge_control
DELETE FROM control WHERE thing = $1 AND state <> 'sent';

-- name: purge_building_alarm_history
DELETE FROM alarm_history WHERE alarm IN (SELECT id FROM alarm WHERE customer = $1 AND building = $2);

-- name: purge_building_alarm
DELETE FROM alarm WHERE customer = $1 AND building = $2;

-- name: purge_building_schedule
DELETE FROM schedule WHERE customer = $1 AND building = $2;

-- name: purge_building_calendar
DELETE FROM calendar WHERE customer = $1 AND building = $2;

-- name: purge_building_manual_schedule
DELETE FROM manual_schedule WHERE customer = $1 AND building = $2;

-- name: purge_building_user_schedule
DELETE FROM user_schedule WHERE customer = $1 AND building = $2;

-- name: purge_building_user_applied
DELETE FROM user_applied WHERE customer = $1 AND building = $2;

-- name: purge_building_user_zone
DELETE FROM user_zone WHERE customer = $1 AND building = $2;

-- name: purge_building_unit_price
DELETE FROM unit_price WHERE customer = $1 AND building = $2;

-- name: purge_building_weather
DELETE FROM weather_forecast WHERE customer = $1 AND building = $2;

-- name: purge_building_composite
DELETE FROM composite WHERE customer = $1 AND building = $2;
