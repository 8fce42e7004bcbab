"""What the pages behind links in mails do: a visit in, an answer out."""
