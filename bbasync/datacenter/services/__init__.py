"""Services of Bitbucket Data Center, one module or package each, imported on first use."""
