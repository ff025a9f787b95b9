-- The readable view: JSON is taken apart in each engine's own way.
CREATE VIEW history (time, point_id, attr, value) AS
    SELECT f.local, s.point_id, s.attr,
           CASE WHEN s.texts = 0 THEN m.value
                ELSE coalesce((SELECT t.json ->> '$' FROM sample_text t
                                WHERE t.ts = m.ts AND t.series = m.series), m.value) END
      FROM frame f
     CROSS JOIN sample m ON m.ts = f.ts
     CROSS JOIN series s ON s.id = m.series AND s.thing = f.thing;
