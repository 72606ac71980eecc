-- What failed is looked for long afterwards, among far more that did not.
CREATE INDEX tasks_failed ON tasks (id) WHERE state = 'failed';
