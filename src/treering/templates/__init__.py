"""Files that a project starts with: code that runs, and what GitHub, GitLab, Jenkins and editors want to know."""
