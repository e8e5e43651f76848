"""What starts work: jobs, schedules, sensors and the command line."""
