/* SPDX-License-Identifier: Apache-2.0 */
/* Namespaces and roots of one's own, where rights allow. */
#include "acts.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

static void user(void)
{
	char map[64];
	unsigned int uid = getuid(), gid = getgid();

	if (TRY(unshare(CLONE_NEWUSER)))
		return;
	TRY(getuid());
	TRY(open("a.txt", O_RDONLY));
	TRY(creat("unmapped", 0600));
	snprintf(map, sizeof(map), "0 %u 1", uid);
	put("/proc/self/setgroups", "deny");
	put("/proc/self/uid_map", map);
	snprintf(map, sizeof(map), "0 %u 1", gid);
	put("/proc/self/gid_map", map);
	TRY(getuid());
	TRY(creat("mapped", 0600));
	TRY(chown("mapped", 5, 5));
	TRY(mkdir("folder", 0700));
	TRY(open("folder", O_RDONLY));
}

static void mounts(void)
{
	if (TRY(unshare(CLONE_NEWNS)) || TRY(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL)))
		return;
	TRY(mount("none", "e", "tmpfs", 0, "size=1m"));
	put("e/inside", "inside");
	say_file("e/inside");
	TRY(mount("d", "e", NULL, MS_BIND, NULL));
	say_file("e/x");
	TRY(mount(NULL, "e", NULL, MS_BIND | MS_REMOUNT | MS_RDONLY, NULL));
	TRY(open("e/new", O_WRONLY | O_CREAT, 0600));
	TRY(open("e/x", O_RDWR));
	TRY(open("e/x", O_RDONLY));
	TRY(umount("e"));
	TRY(umount("e"));
	TRY(umount("none"));
	TRY(mount("none", "none", "tmpfs", 0, NULL));
	TRY(mount("none", "e", "nosuchfs", 0, NULL));
}

static void processes(void)
{
	if (TRY(unshare(CLONE_NEWPID)))
		return;
	if (in_child()) {
		TRY(getpid());
		TRY(getppid());
		if (in_child()) {
			TRY(getpid());
			TRY(open("a.txt", O_RDONLY));
			TRY(kill(1, SIGKILL));
			_exit(3);
		}
		if (!fork())
			pause();
		/* whose first process ends, ends */
		_exit(7);
	}
	TRY(fork());
}

static void names(void)
{
	struct utsname about;

	if (TRY(unshare(CLONE_NEWUTS)))
		return;
	TRY(sethostname("elsewhere", 9));
	uname(&about);
	say("%s\n", about.nodename);
}

static void network(void)
{
	int fd;

	if (TRY(unshare(CLONE_NEWNET)))
		return;
	fd = open("/proc/self/net/dev", O_RDONLY);
	say("%d\n", fd >= 0);
	TRY(socket(AF_INET, SOCK_STREAM, 0) >= 0);
	say_file("/proc/sys/net/ipv4/ip_forward");
}

static void others(void)
{
	TRY(unshare(CLONE_NEWIPC));
	TRY(unshare(CLONE_NEWCGROUP));
	TRY(unshare(0));
	TRY(unshare(CLONE_VM | 0x80));
	TRY(unshare(CLONE_FILES | CLONE_FS | CLONE_SYSVSEM));
	TRY(open("a.txt", O_RDONLY));
	TRY(setns(0, CLONE_NEWNET));
	TRY(setns(99, 0));
	TRY(setns(open("/proc/self/ns/uts", O_RDONLY), CLONE_NEWUTS));
}

static void roots(void)
{
	char path[4096];

	TRY(mkdir("d/a", 0700));
	if (TRY(chroot("d")))
		return;
	TRY(open("/x", O_RDONLY));
	TRY(open("a.txt", O_RDONLY));
	TRY(open("/../x", O_RDONLY));
	TRY(chdir("/"));
	TRY(getcwd(path, sizeof(path)) != NULL);
	TRY(open("../../x", O_RDONLY));
	TRY(open("/proc/self/status", O_RDONLY));
	TRY(creat("/made", 0644));
	TRY(symlink("/x", "soft"));
	TRY(open("soft", O_RDONLY));
	TRY(execl("/bin/sh", "sh", NULL));
	TRY(chroot("none"));
	TRY(chroot("x"));
}

static void new_root(void)
{
	if (TRY(unshare(CLONE_NEWNS)) || TRY(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL)) ||
	    TRY(mount("d", "d", NULL, MS_BIND, NULL)))
		return;
	TRY(mkdir("d/old", 0700));
	TRY(syscall(SYS_pivot_root, "d", "d/old"));
	TRY(chdir("/"));
	TRY(open("/x", O_RDONLY));
	TRY(open("/old/dev/null", O_RDONLY));
	TRY(umount2("/old", MNT_DETACH));
	TRY(open("/old/dev/null", O_RDONLY));
	TRY(open("/sub/y", O_RDWR));
}

const struct act acts_spaces[] = {
	{ "space-user", user },
	{ "space-mounts", mounts },
	{ "space-processes", processes },
	{ "space-names", names },
	{ "space-network", network },
	{ "space-others", others },
	{ "space-roots", roots },
	{ "space-new-root", new_root },
	{ 0 },
};
