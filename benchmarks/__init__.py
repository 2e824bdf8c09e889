"""Measures what the program costs: time, memory and requests. Run: python -m benchmarks"""
