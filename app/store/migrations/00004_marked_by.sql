-- +goose Up
-- Who decided it, as they call themselves; what was decided before says nothing.
ALTER TABLE rotation_marks ADD COLUMN marked_by TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE rotation_marks DROP COLUMN marked_by;
