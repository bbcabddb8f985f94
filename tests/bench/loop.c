/* SPDX-License-Identifier: Apache-2.0 */
/* loop WHAT COUNT [PATH]: does one thing COUNT times and prints the nanoseconds that one took. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	const char *path = argc > 3 ? argv[3] : "/etc/hostname";
	struct timespec start, end;
	long count, i;

	if (argc < 3)
		return 2;
	count = strtol(argv[2], NULL, 10);
	clock_gettime(CLOCK_MONOTONIC, &start);
	if (strcmp(argv[1], "open") == 0) {
		for (i = 0; i < count; i++) {
			int fd = open(path, O_RDONLY);

			if (fd < 0)
				return 1;
			close(fd);
		}
	} else {
		/* a call that no rule is interested in */
		for (i = 0; i < count; i++)
			syscall(SYS_getppid);
	}
	clock_gettime(CLOCK_MONOTONIC, &end);
	printf("%.1f\n", ((double)(end.tv_sec - start.tv_sec) * 1e9 + (double)(end.tv_nsec - start.tv_nsec)) / (double)count);
	return 0;
}
