struct twin {
	long only_in_second;
	int shared;
};

struct twin second_twin;
