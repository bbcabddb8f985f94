/* SPDX-License-Identifier: Apache-2.0 */
/*
 * soak FOLDER PROCESSES CALLS: four workers start PROCESSES processes in all, each of which opens
 * FOLDER/counted; then they make CALLS calls in all, from two threads each: opens that succeed and fail,
 * datagrams, names that are not there. Says how many of each system call it has made.
 */
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WORKERS = 4, THREADS = 2, KINDS = 4 };

static char counted[4096], missing[4096];
static struct sockaddr_in to;

static int start_processes(long n)
{
	while (n--) {
		int status;
		pid_t child = fork();

		if (child == 0)
			_exit(open(counted, O_RDONLY) < 0);
		if (child < 0 || waitpid(child, &status, 0) != child || status != 0)
			return 1;
	}
	return 0;
}

static void *make_calls(void *arg)
{
	long n = *(long *)arg;
	int sock = socket(AF_INET, SOCK_DGRAM, 0), wrong = 0;

	for (long i = 0; i < n; i++) {
		int fd = openat(AT_FDCWD, counted, O_RDONLY);

		wrong |= fd < 0 || close(fd);
		wrong |= openat(AT_FDCWD, missing, O_RDONLY) >= 0;
		wrong |= sendto(sock, "x", 1, 0, (struct sockaddr *)&to, sizeof(to)) != 1;
		wrong |= unlinkat(AT_FDCWD, missing, 0) == 0;
	}
	close(sock);
	return wrong ? arg : NULL;
}

static int call_by_threads(long n)
{
	pthread_t threads[THREADS];
	int wrong = 0;

	for (int i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, make_calls, &n))
			return 1;
	for (int i = 0; i < THREADS; i++) {
		void *result;

		wrong |= pthread_join(threads[i], &result) || result;
	}
	return wrong;
}

int main(int argc, char **argv)
{
	socklen_t len = sizeof(to);
	long processes, calls;
	int sink, wrong = 0;

	if (argc != 4)
		return 2;
	snprintf(counted, sizeof(counted), "%s/counted", argv[1]);
	snprintf(missing, sizeof(missing), "%s/missing", argv[1]);
	processes = strtol(argv[2], NULL, 10) / WORKERS;
	calls = strtol(argv[3], NULL, 10) / (WORKERS * THREADS * KINDS);
	to = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	sink = socket(AF_INET, SOCK_DGRAM, 0);
	if (bind(sink, (struct sockaddr *)&to, sizeof(to)) || getsockname(sink, (struct sockaddr *)&to, &len)) {
		perror("soak");
		return 1;
	}
	for (int i = 0; i < WORKERS; i++)
		if (fork() == 0)
			_exit(start_processes(processes) || call_by_threads(calls));
	for (int i = 0; i < WORKERS; i++) {
		int status;

		wrong |= wait(&status) < 0 || status != 0;
	}
	/* each process and thread ends; an open each process, two of each round of calls */
	printf("exits %ld\nopenat %ld\nsendto %ld\nunlinkat %ld\n", processes * WORKERS + WORKERS + WORKERS * THREADS,
	       processes * WORKERS + 2 * calls * WORKERS * THREADS, calls * WORKERS * THREADS,
	       calls * WORKERS * THREADS);
	return wrong;
}
