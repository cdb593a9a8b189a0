-- Offers that a customer's administrator signs, and the orders by which that is done.
SET LOCAL ROLE contracts_owner;

CREATE TABLE contracts.offer (
    offer_id           uuid        NOT NULL,
    version            integer     NOT NULL CHECK (version > 0),
    offer_number       text        NOT NULL,
    contract_id        uuid        NOT NULL REFERENCES contracts.contract,
    contract_version   bigint      NOT NULL,
    price_list_id      text        NOT NULL,
    price_list_version bigint      NOT NULL,
    valid_from         date        NOT NULL,
    kw                 numeric(12, 2) CHECK (kw >= 0),
    document           text        NOT NULL,
    document_sha256    bytea       NOT NULL CHECK (octet_length(document_sha256) = 32),
    text               text        NOT NULL,
    expires_at         timestamptz NOT NULL,
    recorded_at        timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (offer_id, version),
    UNIQUE (offer_number, version)
);
COMMENT ON COLUMN contracts.offer.document IS 'canonical JSON of all that is offered; its SHA-256 is signed with the text';
COMMENT ON COLUMN contracts.offer.text IS 'what whoever signs is shown, letter by letter';
COMMENT ON COLUMN contracts.offer.contract_version IS 'the contract as it was when this was offered; once it is another, nobody can sign';
CREATE INDEX offers_of_contract ON contracts.offer (contract_id);

CREATE TABLE contracts.signing (
    signing_id        uuid        PRIMARY KEY,
    offer_id          uuid        NOT NULL,
    offer_version     integer     NOT NULL,
    user_id           uuid        NOT NULL,
    session_sha256    bytea       NOT NULL,
    state             text        NOT NULL
        CHECK (state IN ('starting', 'pending', 'signed', 'failed', 'cancelled', 'refused')),
    reason            text        NOT NULL DEFAULT '',
    start_sealed      bytea,
    begun_at          timestamptz NOT NULL DEFAULT clock_timestamp(),
    started_at        timestamptz,
    asked_at          timestamptz,
    ended_at          timestamptz,
    completion_sealed bytea,
    FOREIGN KEY (offer_id, offer_version) REFERENCES contracts.offer,
    CHECK ((ended_at IS NULL) = (state IN ('starting', 'pending'))),
    CHECK (state <> 'signed' OR completion_sealed IS NOT NULL)
);
COMMENT ON COLUMN contracts.signing.session_sha256 IS 'the session that began it: no other may go on with it';
COMMENT ON COLUMN contracts.signing.reason IS 'BankID''s hint, or why a signature was not taken';
COMMENT ON COLUMN contracts.signing.start_sealed IS 'the order''s reference, tokens and secret, until it has ended';
COMMENT ON COLUMN contracts.signing.completion_sealed IS
    'sealed, since it names a person by his number: signature, OCSP response and all else that BankID answered';
CREATE UNIQUE INDEX an_offer_is_signed_once ON contracts.signing (offer_id) WHERE state = 'signed';
CREATE UNIQUE INDEX one_order_at_a_time ON contracts.signing (offer_id, session_sha256)
    WHERE state IN ('starting', 'pending');

DO $$
DECLARE
    guarded text;
BEGIN
    FOREACH guarded IN ARRAY ARRAY['offer', 'signing'] LOOP
        EXECUTE format('ALTER TABLE contracts.%I ENABLE ROW LEVEL SECURITY', guarded);
        EXECUTE format('ALTER TABLE contracts.%I FORCE ROW LEVEL SECURITY', guarded);
        EXECUTE format('CREATE POLICY service ON contracts.%I TO contracts USING (true) WITH CHECK (true)', guarded);
        EXECUTE format('GRANT SELECT, INSERT ON contracts.%I TO contracts', guarded);
        EXECUTE format('CREATE POLICY visible ON contracts.%I FOR SELECT TO contracts_views USING ('
                       '(SELECT permissions.sees_all()) OR %s)', guarded,
                       CASE guarded
                           WHEN 'offer' THEN
                               'EXISTS (SELECT FROM contracts.contract AS contract'
                               ' WHERE contract.contract_id = offer.contract_id)'
                           ELSE 'EXISTS (SELECT FROM contracts.offer AS offer WHERE offer.offer_id = signing.offer_id)'
                       END);
    END LOOP;
END
$$;
GRANT UPDATE (state, reason, start_sealed, started_at, asked_at, ended_at, completion_sealed)
    ON contracts.signing TO contracts;
-- The document holds more than the text, and the gateway shows the text.
GRANT SELECT (offer_id, version, offer_number, contract_id, price_list_id, valid_from, kw, document_sha256, text,
              expires_at) ON contracts.offer TO contracts_views;
-- Not who signed by which number, and nothing that an order could be gone on with.
GRANT SELECT (offer_id, state, ended_at) ON contracts.signing TO contracts_views;

RESET ROLE;
SET LOCAL ROLE contracts_views;

CREATE VIEW contracts_v1.offer WITH (security_barrier) AS
SELECT offer.offer_id, offer.version, offer.offer_number, offer.contract_id, offer.price_list_id, offer.valid_from,
       offer.kw, offer.text, offer.document_sha256, offer.expires_at,
       (SELECT signing.ended_at FROM contracts.signing AS signing
         WHERE signing.offer_id = offer.offer_id AND signing.state = 'signed') AS signed_at
  FROM contracts.offer
 WHERE NOT EXISTS (SELECT FROM contracts.offer AS newer
                    WHERE newer.offer_id = offer.offer_id AND newer.version > offer.version);

GRANT SELECT ON contracts_v1.offer TO gateway;

RESET ROLE;
