"""What people and machines see: front ends translate, they decide nothing."""
