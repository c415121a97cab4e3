"""Activity records (活动记录): what each class did in each week, and the term's sealed archive."""
