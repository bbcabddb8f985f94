/* SPDX-License-Identifier: Apache-2.0 */
/*
 * killed FOLDER TIMES WAY: a process opens FOLDER/WAY-NUMBER and is killed in the middle of that, TIMES
 * times; prints the names of the files of which something was left.
 *
 *   shared  it shares its descriptors with the killer, which goes on with the file
 *   cut     the file is cut off
 *   made    the file is made
 *   removed the file is, by a caller whose root is another for all that is known: nobody does it in his place
 *   moved   likewise
 *   ended   as removed, and another thread ends the process
 *   bound   a socket, which the killer has, too, gets an address
 */
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE  3000000 /* looks for a descriptor that does not come */
#define DELAYS_NS 60000 /* an open under a monitor takes so long */

enum state { WAITS, GOES, OPENS, HAS };

static int flags_of(const char *way)
{
	return !strcmp(way, "shared") ? O_RDONLY : !strcmp(way, "cut") ? O_WRONLY | O_TRUNC : O_WRONLY | O_CREAT;
}

static void fill(struct sockaddr_un *address, const char *path)
{
	size_t len = strnlen(path, sizeof(address->sun_path) - 1);

	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	memcpy(address->sun_path, path, len);
}

/* The call. */
static bool act(const char *way, const char *path, int fd)
{
	struct sockaddr_un address;
	char other[8192];

	if (!strcmp(way, "removed") || !strcmp(way, "ended"))
		return unlink(path) == 0;
	snprintf(other, sizeof(other), "%s.moved", path);
	if (!strcmp(way, "moved"))
		return rename(path, other) == 0;
	fill(&address, path);
	if (!strcmp(way, "bound"))
		return bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0;
	return open(path, flags_of(way), 0600) >= 0;
}

static void pass_ns(long ns)
{
	struct timespec since, now;

	clock_gettime(CLOCK_MONOTONIC, &since);
	do
		clock_gettime(CLOCK_MONOTONIC, &now);
	while ((now.tv_sec - since.tv_sec) * 1000000000L + now.tv_nsec - since.tv_nsec < ns);
}

static bool by_itself(const char *way)
{
	return !strcmp(way, "removed") || !strcmp(way, "moved") || !strcmp(way, "ended");
}

static void *end(void *state)
{
	while (*(_Atomic(enum state) *)state < OPENS)
		;
	pass_ns(rand() % DELAYS_NS);
	_exit(0);
}

static bool is_left(const char *path, const char *way, int fd)
{
	struct stat st;
	char byte;

	if (!strcmp(way, "shared"))
		return pread(fd, &byte, 1, 0) == 1;
	if (!strcmp(way, "removed") || !strcmp(way, "ended") || !strcmp(way, "moved"))
		return access(path, F_OK) < 0;
	if (!strcmp(way, "bound"))
		return access(path, F_OK) == 0;
	return stat(path, &st) == 0 && st.st_size == 0;
}

int main(int argc, char **argv)
{
	_Atomic(enum state) *state =
		mmap(NULL, sizeof(*state), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int times = argc == 4 ? atoi(argv[2]) : 0, next;
	bool shared = argc == 4 && !strcmp(argv[3], "shared"), bound = argc == 4 && !strcmp(argv[3], "bound");

	if (argc != 4 || state == MAP_FAILED || (by_itself(argv[3]) && chroot("/") < 0))
		return 2;
	next = dup(0); /* the number that an open gives */
	close(next);
	for (int i = 0; i < times; i++) {
		char path[4096];
		int fd = bound ? socket(AF_UNIX, SOCK_STREAM, 0) : next;
		pid_t child;

		snprintf(path, sizeof(path), "%s/%s-%d", argv[1], argv[3], i);
		*state = WAITS;
		child = (pid_t)syscall(SYS_clone, (shared ? CLONE_FILES : 0) | SIGCHLD, 0, 0, 0, 0);
		if (child == 0) {
			pthread_t thread;

			srand((unsigned int)i);
			if (!strcmp(argv[3], "ended") && pthread_create(&thread, NULL, end, (void *)state) != 0)
				_exit(1);
			while (*state == WAITS)
				;
			*state = OPENS;
			if (act(argv[3], path, fd))
				*state = HAS;
			for (;;)
				pause();
		}
		*state = GOES;
		while (*state == GOES)
			;
		if (shared)
			for (int k = 0; k < PATIENCE && *state != HAS && fcntl(next, F_GETFD) < 0; k++)
				;
		else
			pass_ns(rand() % DELAYS_NS);
		if (strcmp(argv[3], "ended") != 0)
			kill(child, SIGKILL);
		waitpid(child, NULL, 0);
		if (is_left(path, argv[3], fd))
			printf("%s/%s-%d\n", argv[1], argv[3], i);
		if (shared || bound)
			close(fd);
	}
	return 0;
}
