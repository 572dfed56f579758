"""The resumable bulk crawl of Bitbucket Cloud into a database."""
