"""What kind of model: one room per task, with its outcome table, its metrics and what people see of it."""
