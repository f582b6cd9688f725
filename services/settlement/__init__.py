"""The calendar, and one charge per supporter and campaign after a funded end."""
