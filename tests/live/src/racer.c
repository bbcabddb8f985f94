/* SPDX-License-Identifier: Apache-2.0 */
/*
 * racer WAY FOLDER WINS: opens FOLDER/evasion-decoys while something else turns that name into FOLDER/evasion-secret, until
 * WINS opens got the secret. After each open the file FOLDER/mark-win or FOLDER/mark-loss is opened, so that the order of the
 * alerts tells which attempt each belongs to. Exit status: 0, 1 when a call fails, 3 when the wins do not come.
 *
 *   thread    a second thread writes the path
 *   process   another process writes it, through shared memory
 *   mem       another process writes it through /proc/PID/mem
 *   vm        another process writes it by process_vm_writev
 *   file      the path lies in a private page of a file, which another process writes
 *   symlink   another process turns the symbolic link FOLDER/evasion-link about
 *   folder    another process exchanges the folders FOLDER/one and FOLDER/two
 *   cwd       another process that shares the working directory changes it
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PATH_ROOM = 4096, MOST_TURNS = 60000, PAUSE_US = 20 };

static char names[2][PATH_ROOM]; /* decoy, secret: of the same length */
static const char *folder;
static char *path; /* what is opened */
static int out = -1;
static pid_t victim;

static void store(int which)
{
	size_t n = strlen(names[0]) + 1;

	for (size_t i = 0; i < n; i++)
		((volatile char *)path)[i] = names[which][i];
}

static void store_mem(int which)
{
	if (pwrite(out, names[which], strlen(names[which]), (off_t)(unsigned long)path) < 0)
		_exit(1);
}

static void store_vm(int which)
{
	struct iovec from = { names[which], strlen(names[which]) }, to = { path, strlen(names[which]) };

	process_vm_writev(victim, &from, 1, &to, 1, 0);
}

static void store_file(int which)
{
	if (pwrite(out, names[which], strlen(names[which]), 0) < 0)
		_exit(1);
}

static void turn_link(int which)
{
	char fresh[PATH_ROOM];

	snprintf(fresh, sizeof(fresh), "%s/fresh-link", folder);
	if (symlink(names[which], fresh) == 0)
		rename(fresh, path);
}

static void exchange(int which)
{
	char one[PATH_ROOM], two[PATH_ROOM];

	(void)which;
	snprintf(one, sizeof(one), "%s/one", folder);
	snprintf(two, sizeof(two), "%s/two", folder);
	renameat2(AT_FDCWD, one, AT_FDCWD, two, RENAME_EXCHANGE);
}

static void move(int which)
{
	char where[PATH_ROOM];

	snprintf(where, sizeof(where), "%s/%s", folder, which ? "two" : "one");
	if (chdir(where))
		_exit(1);
}

static const struct way {
	const char *name, *opened; /* NULL: one of the names, in memory that is written to */
	void (*turn)(int which);
	enum { THREAD, PROCESS, SHARING_FOLDER } by;
} ways[] = {
	{ "thread", NULL, store, THREAD },
	{ "process", NULL, store, PROCESS },
	{ "mem", NULL, store_mem, PROCESS },
	{ "vm", NULL, store_vm, PROCESS },
	{ "file", NULL, store_file, PROCESS },
	{ "symlink", "%s/evasion-link", turn_link, PROCESS },
	{ "folder", "%s/one/file", exchange, PROCESS },
	{ "cwd", "file", move, SHARING_FOLDER },
};

static void *turn_for_ever(void *arg)
{
	const struct way *w = arg;

	for (;;) {
		w->turn(1);
		usleep(PAUSE_US);
		w->turn(0);
		usleep(PAUSE_US);
	}
	return NULL;
}

static int child(void *arg)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	turn_for_ever(arg);
	return 0;
}

static void *room(const struct way *w)
{
	int private = strcmp(w->name, "mem") == 0 || strcmp(w->name, "vm") == 0;
	char name[PATH_ROOM];

	if (strcmp(w->name, "file") != 0)
		return mmap(NULL, PATH_ROOM, PROT_READ | PROT_WRITE,
			    (private ? MAP_PRIVATE : MAP_SHARED) | MAP_ANONYMOUS, -1, 0);
	snprintf(name, sizeof(name), "%s/page", folder);
	out = open(name, O_RDWR | O_CREAT | O_TRUNC, 0600);
	if (out < 0 || ftruncate(out, PATH_ROOM) || pwrite(out, names[0], strlen(names[0]), 0) < 0)
		return MAP_FAILED;
	return mmap(NULL, PATH_ROOM, PROT_READ, MAP_PRIVATE, out, 0);
}

static int start(const struct way *w)
{
	static char stack[65536] __attribute__((aligned(16)));
	char name[64];
	pthread_t thread;

	victim = getpid();
	path = room(w);
	if (path == MAP_FAILED)
		return -1;
	if (w->opened)
		snprintf(path, PATH_ROOM, w->opened, folder);
	else if (out < 0)
		snprintf(path, PATH_ROOM, "%s", names[0]);
	if (strcmp(w->name, "mem") == 0) {
		snprintf(name, sizeof(name), "/proc/%d/mem", victim);
		out = open(name, O_RDWR);
		if (out < 0)
			return -1;
	}
	if (w->by == THREAD)
		return pthread_create(&thread, NULL, turn_for_ever, (void *)w) ? -1 : 0;
	return clone(child, stack + sizeof(stack), SIGCHLD | (w->by == SHARING_FOLDER ? CLONE_FS : 0), (void *)w) < 0 ?
		       -1 :
		       0;
}

/* one open: 1 = it got the secret, 0 = it did not */
static int attempt(void)
{
	char text[64] = "";
	int fd = open(path, O_RDONLY), won;

	if (fd < 0)
		return 0; /* a moment without a link, or half a name */
	won = read(fd, text, sizeof(text) - 1) > 0 && strstr(text, "text-of-the-secret");
	close(fd);
	return won;
}

int main(int argc, char **argv)
{
	char marks[2][PATH_ROOM];
	int wins = 0, wanted, turns;

	if (argc != 4)
		return 2;
	folder = argv[2];
	wanted = (int)strtol(argv[3], NULL, 10);
	snprintf(names[0], PATH_ROOM, "%s/evasion-decoys", folder);
	snprintf(names[1], PATH_ROOM, "%s/evasion-secret", folder);
	snprintf(marks[0], PATH_ROOM, "%s/mark-loss", folder);
	snprintf(marks[1], PATH_ROOM, "%s/mark-win", folder);
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		if (strcmp(ways[i].name, argv[1]) == 0 && start(&ways[i])) {
			perror("racer");
			return 1;
		}
	if (!path)
		return 2;
	for (turns = 0; wins < wanted && turns < MOST_TURNS; turns++) {
		int won = attempt();

		wins += won;
		close(open(marks[won], O_RDONLY));
	}
	printf("%d wins of %d\n", wins, turns);
	return wins < wanted ? 3 : 0;
}
