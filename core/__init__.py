"""The onboarding itself, independent of terminal, screens and application."""
