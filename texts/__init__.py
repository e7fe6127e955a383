"""What is known about texts, without any lake: words, formats, licences, a rubric, embedders. Imports nothing of ours."""
