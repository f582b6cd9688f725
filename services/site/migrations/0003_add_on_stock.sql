-- The platform's own products have one stock for all campaigns: one row, as it was last told.
SET LOCAL lock_timeout = '5s';

CREATE TABLE add_on_stock (
    only_row boolean PRIMARY KEY DEFAULT true,
    version  bigint  NOT NULL,
    stock    jsonb   NOT NULL,
    CONSTRAINT add_on_stock_has_one_row CHECK (only_row)
);

GRANT SELECT, INSERT, UPDATE ON add_on_stock TO {service_role};
