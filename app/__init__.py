"""The application: command line, screens and plain mode, put together with core and the rehearsal
network.
"""
