"""Scheduled builds: durable runs, their schedules, and the pages and programs that see to them."""
