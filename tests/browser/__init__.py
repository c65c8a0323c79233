"""The live page in headless Chromium; run with `make test-browser`."""
