"""What onboarding is. Knows no terminal, no screen and no app."""
