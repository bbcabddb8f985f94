/* SPDX-License-Identifier: Apache-2.0 */
#include "waits.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LOOKS 3 /* who sleeps whenever somebody looks waits */

long since_ms(const struct timespec *since)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (now.tv_sec - since->tv_sec) * 1000 + (now.tv_nsec - since->tv_nsec) / 1000000;
}

int open_state(pid_t pid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	return open(path, O_RDONLY | O_CLOEXEC);
}

bool sleeps(int state, int *slept)
{
	char text[512], *name_end;
	ssize_t n = pread(state, text, sizeof(text) - 1, 0);

	if (n < 0)
		n = 0;
	text[n] = '\0';
	name_end = strrchr(text, ')'); /* a blank and the state follow */
	*slept = name_end && name_end[1] && name_end[2] && strchr("SDt", name_end[2]) ? *slept + 1 : 0;
	return *slept >= LOOKS;
}
