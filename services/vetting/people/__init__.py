"""People who serve (服务人员): who they are, and the rules of who may serve (machine V1, gate G-CLEAR)."""
