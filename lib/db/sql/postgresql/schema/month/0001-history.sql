-- The readable view: JSON is taken apart in each engine's own way. A column has one type here, so that values are text,
-- written as SQLite shows them.
CREATE VIEW history (time, point_id, attr, value) AS
    SELECT f.local, s.point_id, s.attr,
           coalesce((SELECT CASE t.json WHEN 'true' THEN '1' WHEN 'false' THEN '0' ELSE CAST(t.json AS JSONB) #>> '{}' END
                       FROM sample_text t WHERE s.texts = 1 AND t.ts = m.ts AND t.series = m.series),
                    CAST(m.value AS TEXT) || CASE WHEN m.value = trunc(m.value) AND abs(m.value) < 1e15 THEN '.0' ELSE '' END)
      FROM frame f
      JOIN sample m ON m.ts = f.ts
      JOIN series s ON s.id = m.series AND s.thing = f.thing;
