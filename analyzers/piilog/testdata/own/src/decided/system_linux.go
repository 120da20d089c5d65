package decided

const windows = false
