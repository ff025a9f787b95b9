-- name: customer_put
INSERT INTO customer (customer, name) VALUES ($1, $2)
    ON CONFLICT (customer) DO UPDATE SET name = coalesce(excluded.name, customer.name);

-- name: region_put
INSERT INTO region (customer, region, name) VALUES ($1, $2, $3)
    ON CONFLICT (customer, region) DO UPDATE SET name = coalesce(excluded.name, region.name);

-- name: customer_list
SELECT customer, name FROM customer ORDER BY customer;

-- name: region_list
SELECT customer, region, name FROM region ORDER BY customer, region;

-- name: building_has
SELECT 1 FROM building WHERE customer = $1 AND building = $2;

-- name: building_put checked
INSERT INTO building (customer, building, name, region, timezone, latitude, longitude, tariff, contract_kw, country)
    VALUES ($1, $2, $3, $4, coalesce($5, ''), $6, $7, $8, $9, $10)
    ON CONFLICT (customer, building) DO UPDATE SET
        name = coalesce(excluded.name, building.name),
        region = coalesce(excluded.region, building.region),
        timezone = CASE excluded.timezone WHEN '' THEN building.timezone ELSE excluded.timezone END,
        latitude = coalesce(excluded.latitude, building.latitude),
        longitude = coalesce(excluded.longitude, building.longitude),
        tariff = coalesce(excluded.tariff, building.tariff),
        contract_kw = coalesce(excluded.contract_kw, building.contract_kw),
        country = coalesce(excluded.country, building.country);

-- name: building_get
SELECT name, region, timezone, latitude, longitude, tariff, contract_kw, country
    FROM building WHERE customer = $1 AND building = $2;

-- name: building_list
SELECT customer, building, name, region, timezone, latitude, longitude, tariff, contract_kw, country
    FROM building ORDER BY customer, building;

-- name: category_put
INSERT INTO category (category, subclass, data) VALUES ($1, $2, $3)
    ON CONFLICT (category, subclass) DO UPDATE SET data = excluded.data;

-- name: category_get
SELECT data FROM category WHERE category = $1 AND subclass = $2;

-- name: category_list
SELECT category, subclass, data FROM category ORDER BY category, subclass;

-- name: category_rows
SELECT subclass, data FROM category WHERE category = $1 ORDER BY subclass;

-- name: thing_has
SELECT 1 FROM thing WHERE thing = $1;

-- name: thing_put checked
INSERT INTO thing (thing, customer, building, device_name, created) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (thing) DO UPDATE SET device_name = coalesce(excluded.device_name, thing.device_name);

-- name: thing_list
SELECT thing, customer, building, device_name, certificate_id, created, last_seen FROM thing ORDER BY thing;

-- name: thing_seen
UPDATE thing SET last_seen = $2 WHERE thing = $1 AND (last_seen IS NULL OR last_seen < $2);

-- name: building_keys
SELECT customer, building FROM building ORDER BY customer, building LIMIT 2;

-- name: thing_of_building
SELECT thing FROM thing WHERE customer = $1 AND building = $2 ORDER BY thing;

-- name: building_all_keys
SELECT customer, building FROM building ORDER BY customer, building;
