/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stall FOLDER HOW: a process waits in the kernel with a lock that calls about FOLDER need, for a page that nobody
 * gives it (userfaultfd); others make such calls meanwhile, and others again open what has nothing to do with it.
 * Then it is killed.
 *   folder   it lists FOLDER, where names are made, moved, removed and looked for
 *   file     it writes a file, which is cut off or has its mode changed
 *   frozen   nobody waits for a page: the file system that FOLDER lies on is frozen, and thawed at last
 *   killed   as folder; the callers are killed before it
 *   long     as folder, for seconds
 *
 * Exit status: 0, 2 when nothing could be held, 77 where there is no userfaultfd.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/userfaultfd.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PAGE	 4096
#define LIMIT_MS 1000 /* an open takes microseconds */
#define BEGIN_US 200000
#define LONG_US  3000000

/* A page that whoever touches it waits for. */
static char *absent_page(void)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register area = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	char *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC);

	area.range.start = (uintptr_t)page;
	area.range.len = PAGE;
	if (page == MAP_FAILED || fd < 0 || ioctl(fd, UFFDIO_API, &api) < 0 || ioctl(fd, UFFDIO_REGISTER, &area) < 0)
		_exit(2);
	return page;
}

static bool has_userfaultfd(void)
{
	int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC);

	return fd >= 0 && close(fd) == 0;
}

static void hold(const char *how)
{
	int fd;

	if (!strcmp(how, "file")) {
		fd = open("written", O_WRONLY);
		_exit(write(fd, absent_page(), PAGE) < 0);
	}
	fd = open(".", O_RDONLY | O_DIRECTORY);
	_exit(syscall(SYS_getdents64, fd, absent_page(), PAGE) < 0);
}

static int close_of(int fd)
{
	return fd < 0 ? -1 : close(fd);
}

static int make_new(void)
{
	return close_of(open("new", O_CREAT | O_EXCL | O_WRONLY, 0600));
}
static int append(void)
{
	return close_of(open("also", O_CREAT | O_APPEND | O_WRONLY, 0600));
}
static int look_for(void)
{
	char name[32];

	/* one that the kernel does not know not to be there */
	snprintf(name, sizeof(name), "%d-not-there", getpid());
	return close_of(open(name, O_RDONLY));
}
static int move(void)
{
	return rename("moved", "moved-away");
}
static int remove_name(void)
{
	return unlink("removed");
}
static int make_folder(void)
{
	return mkdir("folder", 0700);
}
static int make_link(void)
{
	return symlink("nowhere", "link");
}
static int cut_off(void)
{
	return close_of(open("written", O_WRONLY | O_TRUNC));
}
static int change_mode(void)
{
	return chmod("written", 0640);
}
static const struct act {
	const char *how, *name;
	int (*call)(void);
} acts[] = {
	{ "folder", "make", make_new },
	{ "folder", "append", append },
	{ "folder", "look for", look_for },
	{ "folder", "move", move },
	{ "folder", "remove", remove_name },
	{ "folder", "make a folder", make_folder },
	{ "folder", "make a link", make_link },
	{ "file", "cut off", cut_off },
	{ "file", "change the mode", change_mode },
};

#define ACTS (sizeof(acts) / sizeof(acts[0]))

static bool is_of(const struct act *act, const char *how)
{
	return !strcmp(act->how, !strcmp(how, "file") ? how : "folder");
}

static void prepare(void)
{
	static const char *const names[] = { "moved", "removed", "written", "also" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		close(open(names[i], O_CREAT | O_WRONLY, 0600));
}

static void use_others(const char *folder)
{
	struct timespec since, now;
	char path[PAGE];

	clock_gettime(CLOCK_MONOTONIC, &since);
	snprintf(path, sizeof(path), "%s-other", folder);
	for (int i = 0; i < 10; i++) {
		close(open("/", O_RDONLY | O_DIRECTORY));
		close(open(path, O_CREAT | O_WRONLY, 0600));
		unlink(path);
	}
	clock_gettime(CLOCK_MONOTONIC, &now);
	if ((now.tv_sec - since.tv_sec) * 1000 + (now.tv_nsec - since.tv_nsec) / 1000000 > LIMIT_MS)
		printf("others waited, too\n");
}

static bool begin(const char *how, int folder, pid_t *ret_holder)
{
	*ret_holder = 0;
	if (!strcmp(how, "frozen"))
		return ioctl(folder, FIFREEZE, 0) == 0;
	*ret_holder = fork();
	if (*ret_holder == 0)
		hold(how);
	usleep(BEGIN_US);
	return waitpid(*ret_holder, NULL, WNOHANG) == 0;
}

static bool is_done(pid_t pid)
{
	siginfo_t info = { .si_pid = 0 };

	return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0 || info.si_pid;
}

int main(int argc, char **argv)
{
	pid_t holder, callers[ACTS] = { 0 };
	int folder, status;
	bool killed;

	if (argc != 3 || chdir(argv[1]) < 0)
		return 2;
	if (strcmp(argv[2], "frozen") && !has_userfaultfd())
		return 77;
	killed = !strcmp(argv[2], "killed");
	folder = open(".", O_RDONLY | O_DIRECTORY);
	prepare();
	if (!begin(argv[2], folder, &holder))
		return 2;
	for (size_t i = 0; i < ACTS; i++) {
		if (!is_of(&acts[i], argv[2]))
			continue;
		callers[i] = fork();
		if (callers[i] == 0)
			_exit(acts[i].call() < 0 ? errno : 0);
		usleep(20000);
	}
	usleep(strcmp(argv[2], "long") ? BEGIN_US : LONG_US);
	use_others(argv[1]);
	for (size_t i = 0; i < ACTS; i++) {
		if (callers[i])
			printf("%s: %s\n", acts[i].name, is_done(callers[i]) ? "is done" : "waits");
		if (callers[i] && killed)
			kill(callers[i], SIGKILL);
	}
	fflush(stdout);
	if (holder)
		kill(holder, SIGKILL);
	else
		ioctl(folder, FITHAW, 0);
	for (size_t i = 0; i < ACTS; i++)
		if (callers[i] && waitpid(callers[i], &status, 0) == callers[i] && !killed)
			printf("%s: %s\n", acts[i].name, strerror(WEXITSTATUS(status)));
	return 0;
}
