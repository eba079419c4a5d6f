"""What runs: settings, the composition root, the command line, the API, the consumer, the schedule, the collectors."""
