-- The readable view: JSON is taken apart in each engine's own way. Values are text here, as one column has one type.
CREATE VIEW history (time, point_id, attr, value) AS
    SELECT f.local, s.point_id, s.attr,
           CASE WHEN s.texts = 0 THEN CAST(m.value AS TEXT)
                ELSE coalesce((SELECT CAST(t.json AS JSONB) #>> '{}' FROM sample_text t
                                WHERE t.ts = m.ts AND t.series = m.series), CAST(m.value AS TEXT)) END
      FROM frame f
      JOIN sample m ON m.ts = f.ts
      JOIN series s ON s.id = m.series AND s.thing = f.thing;
