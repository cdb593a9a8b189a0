-- Rules, the episodes that the stored figures say, and who was told of them.
SET LOCAL ROLE alerts_owner;

CREATE TABLE alerts.rule (
    rule_id        uuid             PRIMARY KEY,
    point_id       integer          NOT NULL,
    user_id        uuid,
    quantity       text             NOT NULL CHECK (quantity IN
        ('return_temperature', 'hourly_power', 'daily_mean_power', 'weighted_return_temperature')),
    direction      text             NOT NULL CHECK (direction IN ('above', 'below')),
    summer_limit   double precision,
    winter_limit   double precision,
    hysteresis     double precision NOT NULL CHECK (hysteresis >= 0),
    minimum_values integer          NOT NULL CHECK (minimum_values BETWEEN 1 AND 1000),
    changed_at     timestamptz      NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX rules_of_point ON alerts.rule (point_id);
COMMENT ON COLUMN alerts.rule.user_id IS 'whose rule it is; NULL: the utility''s, for everybody who sees the point';
COMMENT ON COLUMN alerts.rule.minimum_values IS 'how many measured hours or days in a row must be out of bounds';

CREATE TABLE alerts.episode (
    episode_id      uuid             PRIMARY KEY,
    rule_id         uuid             NOT NULL REFERENCES alerts.rule,
    point_id        integer          NOT NULL,
    opened_at       timestamptz      NOT NULL,
    closed_at       timestamptz      CHECK (closed_at > opened_at),
    extreme         double precision NOT NULL,
    limit_value     double precision NOT NULL,
    state           text             NOT NULL CHECK (state IN ('open', 'acknowledged', 'closed', 'withdrawn')),
    told            boolean          NOT NULL,
    acknowledged_by uuid,
    acknowledged_at timestamptz,
    -- Checked at the commit, since a correction may move one episode to where another just was.
    CONSTRAINT one_episode_at_a_time EXCLUDE USING gist (rule_id WITH =, tstzrange(opened_at, closed_at) WITH &&)
        WHERE (state <> 'withdrawn') DEFERRABLE INITIALLY DEFERRED
);
CREATE INDEX episodes_of_point ON alerts.episode (point_id, opened_at);
COMMENT ON COLUMN alerts.episode.told IS 'false: found in a backfill, too old to tell anybody';

-- Each person is told of each step once; the key says so, whatever comes twice.
CREATE TABLE alerts.message (
    cause_id     uuid        NOT NULL REFERENCES alerts.episode,
    recipient_id uuid        NOT NULL,
    channel      text        NOT NULL CHECK (channel IN ('portal')),
    step         text        NOT NULL CHECK (step IN ('opened', 'closed', 'withdrawn')),
    at           timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (cause_id, recipient_id, channel, step)
);
CREATE INDEX messages_of_recipient ON alerts.message (recipient_id, at);

DO $$
DECLARE
    guarded text;
BEGIN
    FOREACH guarded IN ARRAY ARRAY['rule', 'episode', 'message'] LOOP
        EXECUTE format('ALTER TABLE alerts.%I ENABLE ROW LEVEL SECURITY', guarded);
        EXECUTE format('ALTER TABLE alerts.%I FORCE ROW LEVEL SECURITY', guarded);
        EXECUTE format('CREATE POLICY service ON alerts.%I TO alerts USING (true) WITH CHECK (true)', guarded);
        EXECUTE format('GRANT SELECT ON alerts.%I TO alerts, alerts_views', guarded);
    END LOOP;
END
$$;
GRANT INSERT, UPDATE ON alerts.rule, alerts.episode TO alerts;
GRANT INSERT ON alerts.message TO alerts;

-- A visitor sees his own rules, and the utility's, for the points he may look at now.
CREATE POLICY visible ON alerts.rule FOR SELECT TO alerts_views USING (
    (SELECT permissions.sees_all())
    OR ((rule.user_id IS NULL OR rule.user_id = (SELECT permissions.current_user_id()))
        AND EXISTS (SELECT FROM permissions.visible_period AS visible
                     WHERE visible.user_id = (SELECT permissions.current_user_id())
                       AND visible.point_id = rule.point_id)));

-- And the episodes of those rules that began in his own time at the point.
CREATE POLICY visible ON alerts.episode FOR SELECT TO alerts_views USING (
    (SELECT permissions.sees_all())
    OR (EXISTS (SELECT FROM permissions.visible_period AS visible
                 WHERE visible.user_id = (SELECT permissions.current_user_id())
                   AND visible.point_id = episode.point_id
                   AND episode.opened_at >= visible.valid_from AND episode.opened_at < visible.valid_to)
        AND EXISTS (SELECT FROM alerts.rule AS rule WHERE rule.rule_id = episode.rule_id)));

CREATE POLICY visible ON alerts.message FOR SELECT TO alerts_views USING (
    (SELECT permissions.sees_all()) OR message.recipient_id = (SELECT permissions.current_user_id()));

RESET ROLE;
SET LOCAL ROLE alerts_views;

CREATE VIEW alerts_v1.rule WITH (security_barrier) AS
SELECT rule.rule_id, rule.user_id, rule.point_id, rule.quantity, rule.direction, rule.summer_limit,
       rule.winter_limit, rule.hysteresis, rule.minimum_values
  FROM alerts.rule;

CREATE VIEW alerts_v1.episode WITH (security_barrier) AS
SELECT episode.episode_id, episode.rule_id, episode.point_id, episode.opened_at, episode.closed_at,
       episode.extreme, episode.limit_value, episode.state, episode.acknowledged_at, rule.quantity, rule.direction
  FROM alerts.episode
  JOIN alerts.rule USING (rule_id);

CREATE VIEW alerts_v1.message WITH (security_barrier) AS
SELECT message.cause_id AS episode_id, message.recipient_id AS user_id, message.channel, message.step, message.at
  FROM alerts.message;

GRANT SELECT ON alerts_v1.rule, alerts_v1.episode, alerts_v1.message TO alerts, gateway;

RESET ROLE;
