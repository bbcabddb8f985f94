/* SPDX-License-Identifier: Apache-2.0 */
/*
 * crowd FOLDER TURNS: threads open FOLDER/noise without end, while others take turns, one at a time: turn N
 * opens, fails to open, opens for writing or removes FOLDER/turn-N. Then all are out of descriptors, 200
 * times. Fails where the kernel would have said something else.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#define NOISE	6
#define TAKERS	3
#define REFUSED 4 /* threads that are out of descriptors */

static const char *folder;
static long turns;
static atomic_long turn;
static atomic_bool over, wrong;

static int open_in(const char *name, long n, int flags)
{
	char path[4096];

	snprintf(path, sizeof(path), n < 0 ? "%s/%s" : "%s/%s-%ld", folder, name, n);
	return open(path, flags);
}

static void *make_noise(void *unused)
{
	while (!over) {
		int fd = open_in("noise", -1, O_RDONLY);

		if (fd < 0)
			wrong = true;
		close(fd);
	}
	return unused;
}

static bool take(long n)
{
	char path[4096];
	int fd;

	switch (n % 6) { /* everything comes behind an open for reading */
	case 1:
		return open_in("turn", n, O_RDONLY) < 0 && errno == ENOENT;
	case 3:
		snprintf(path, sizeof(path), "%s/turn-%ld", folder, n);
		return unlink(path) == 0;
	default:
		fd = open_in("turn", n, n % 6 == 5 ? O_WRONLY : O_RDONLY);
		return fd >= 0 && close(fd) == 0;
	}
}

static void *take_turns(void *first)
{
	for (long n = (long)first; n < turns; n += TAKERS) {
		while (turn != n)
			usleep(0);
		if (!take(n))
			wrong = true;
		turn = n + 1;
	}
	return NULL;
}

static void *be_refused(void *unused)
{
	for (int i = 0; i < 200 / REFUSED; i++)
		if (open_in("refused", -1, O_RDONLY) >= 0 || errno != EMFILE)
			wrong = true;
	return unused;
}

int main(int argc, char **argv)
{
	const struct rlimit none = { 3, 3 };
	pthread_t noise[NOISE], takers[TAKERS], refused[REFUSED];

	if (argc < 3)
		return 2;
	folder = argv[1];
	turns = strtol(argv[2], NULL, 10);
	for (int i = 0; i < NOISE; i++)
		if (pthread_create(&noise[i], NULL, make_noise, NULL))
			return 2;
	for (long i = 0; i < TAKERS; i++)
		if (pthread_create(&takers[i], NULL, take_turns, (void *)i))
			return 2;
	for (int i = 0; i < TAKERS; i++)
		pthread_join(takers[i], NULL);
	over = true;
	for (int i = 0; i < NOISE; i++)
		pthread_join(noise[i], NULL);
	if (setrlimit(RLIMIT_NOFILE, &none))
		return 2;
	for (int i = 0; i < REFUSED; i++)
		if (pthread_create(&refused[i], NULL, be_refused, NULL))
			return 2;
	for (int i = 0; i < REFUSED; i++)
		pthread_join(refused[i], NULL);
	return wrong;
}
