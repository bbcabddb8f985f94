/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What processes and threads share: System V's and POSIX's queues, semaphores and segments, futexes, threads
 * that open at once.
 */
#include "acts.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <linux/futex.h>
#include <mqueue.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void segments(void)
{
	int id = shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0600);
	struct shmid_ds about;
	char *memory = shmat(id, NULL, 0);

	strcpy(memory, "a.txt");
	if (in_child()) {
		TRY(open(memory, O_RDONLY));
		strcpy(memory, "bin");
		_exit(0);
	}
	say("%s\n", memory);
	TRY(shmctl(id, IPC_STAT, &about));
	say("attached %ld, creator %d\n", (long)about.shm_nattch, about.shm_cpid == getpid());
	TRY(shmctl(id, IPC_RMID, NULL));
	TRY(shmdt(memory));
	TRY(shmdt(memory));
	TRY(shmat(id, NULL, 0));
	TRY(shmget(IPC_PRIVATE, 0, IPC_CREAT));
}

static void semaphores(void)
{
	int id = semget(IPC_PRIVATE, 2, IPC_CREAT | 0600);
	struct sembuf down = { 0, -1, SEM_UNDO }, up = { 0, 2, 0 }, now = { 0, -5, IPC_NOWAIT };

	semctl(id, 0, SETVAL, 1);
	if (in_child()) {
		TRY(semop(id, &down, 1));
		_exit(0);
	}
	TRY(semctl(id, 0, GETVAL));
	TRY(semop(id, &up, 1));
	TRY(semop(id, &now, 1));
	now.sem_flg = 0;
	TRY(semtimedop(id, &now, 1, &(struct timespec){ 0, 10000000 }));
	TRY(semop(id, &down, 600));
	down.sem_num = 9;
	TRY(semop(id, &down, 1));
	TRY(semctl(id, 0, IPC_RMID));
	TRY(semop(id, &up, 1));
}

static void messages(void)
{
	struct {
		long type;
		char text[16];
	} message = { 2, "second" };
	int id = msgget(IPC_PRIVATE, IPC_CREAT | 0600);

	TRY(msgsnd(id, &message, 7, 0));
	message.type = 1;
	strcpy(message.text, "first");
	TRY(msgsnd(id, &message, 6, 0));
	TRY(msgrcv(id, &message, 16, 1, 0));
	TRY(msgrcv(id, &message, 2, 0, 0));
	TRY(msgrcv(id, &message, 2, 0, MSG_NOERROR));
	TRY(msgrcv(id, &message, 16, 0, IPC_NOWAIT));
	message.type = 0;
	TRY(msgsnd(id, &message, 6, 0));
	TRY(msgctl(id, IPC_RMID, NULL));
	TRY(msgrcv(id, &message, 16, 0, 0));
}

static volatile sig_atomic_t noted;

static void note(int number)
{
	noted = number;
}

static void posix_queues(void)
{
	char name[32], text[64] = "";
	struct mq_attr attributes = { .mq_maxmsg = 2, .mq_msgsize = 16 };
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1 };
	unsigned int priority;
	mqd_t queue;

	snprintf(name, sizeof(name), "/acts-%d", getpid());
	queue = mq_open(name, O_CREAT | O_RDWR | O_NONBLOCK | O_EXCL, 0600, &attributes);
	if (queue < 0) {
		say("%s\n", strerrorname_np(errno));
		return;
	}
	handle(SIGUSR1, note, 0);
	TRY(mq_notify(queue, &event));
	TRY(mq_send(queue, "low", 4, 1));
	say("signal %d\n", noted);
	TRY(mq_send(queue, "high", 5, 9));
	TRY(mq_send(queue, "more", 5, 9));
	TRY(mq_send(queue, text, 64, 0));
	TRY(mq_receive(queue, text, 16, &priority));
	say("%s %u\n", text, priority);
	TRY(mq_receive(queue, text, 3, &priority));
	TRY(mq_unlink(name));
	TRY(mq_unlink(name));
	TRY(mq_open("none", O_RDONLY));
}

static void posix_memory(void)
{
	char name[32];
	int fd;

	snprintf(name, sizeof(name), "/acts-%d", getpid());
	fd = (int)TRY(shm_open(name, O_CREAT | O_RDWR | O_EXCL, 0600));
	if (fd < 0)
		return;
	TRY(ftruncate(fd, 4096));
	TRY(shm_open(name, O_CREAT | O_RDWR | O_EXCL, 0600));
	TRY(shm_unlink(name));
	TRY(shm_open(name, O_RDWR, 0600));
}

static long futex(atomic_int *word, int what, int value, const struct timespec *until)
{
	return syscall(SYS_futex, word, what, value, until, NULL, 0);
}

static void futexes(void)
{
	atomic_int *word = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t pid = started();

	if (!pid) {
		pause_for(40);
		atomic_store(word, 1);
		while (futex(word, FUTEX_WAKE, 1, NULL) == 0)
			pause_for(1);
		_exit(0);
	}
	TRY(futex(word, FUTEX_WAIT, 0, NULL));
	TRY(futex(word, FUTEX_WAIT, 0, NULL));
	TRY(futex(word, FUTEX_WAIT, 1, &(struct timespec){ 0, 1000000 }));
	TRY(futex((atomic_int *)((char *)word + 1), FUTEX_WAIT, 0, NULL));
	TRY(futex(word, 99, 0, NULL));
	ended(pid);
}

static void owner_dies(void)
{
	pthread_mutex_t *mutex = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pthread_mutexattr_t attributes;

	pthread_mutexattr_init(&attributes);
	pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
	pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
	pthread_mutex_init(mutex, &attributes);
	if (in_child()) {
		pthread_mutex_lock(mutex);
		_exit(0);
	}
	say("%s\n", strerrorname_np(pthread_mutex_lock(mutex)));
	TRY(pthread_mutex_consistent(mutex));
	TRY(pthread_mutex_unlock(mutex));
}

static atomic_int opened, wrong;

static void *open_often(void *arg)
{
	(void)arg;
	for (int i = 0; i < 100; i++) {
		char text[3] = "";
		int fd = open("a.txt", O_RDONLY);

		if (fd < 0 || read(fd, text, 3) != 3 || memcmp(text, "one", 3))
			wrong++;
		close(fd);
		opened++;
	}
	return NULL;
}

static void open_together(void)
{
	pthread_t threads[8];

	for (int i = 0; i < 8; i++)
		pthread_create(&threads[i], NULL, open_often, NULL);
	for (int i = 0; i < 8; i++)
		pthread_join(threads[i], NULL);
	say("opened %d wrong %d, next %d\n", opened, wrong, open("a.txt", O_RDONLY));
}

static void *other_user(void *arg)
{
	(void)arg;
	setfsuid(65534);
	TRY(open("closed", O_RDONLY));
	syscall(SYS_setresuid, -1, 65534, -1);
	TRY(open("closed", O_RDONLY));
	return NULL;
}

/* Of the kernel's threads each has a user of its own. */
static void users(void)
{
	pthread_t thread;

	put("closed", "x");
	chmod("closed", 0600);
	pthread_create(&thread, NULL, other_user, NULL);
	pthread_join(thread, NULL);
	TRY(open("closed", O_RDONLY));
}

static void *private_folder(void *arg)
{
	(void)arg;
	TRY(syscall(SYS_unshare, CLONE_FS));
	TRY(chdir("d"));
	TRY(open("x", O_RDONLY));
	TRY(syscall(SYS_unshare, CLONE_FILES));
	return NULL;
}

static void folders(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, private_folder, NULL);
	pthread_join(thread, NULL);
	TRY(open("x", O_RDONLY));
	TRY(open("a.txt", O_RDONLY));
}

static void asynchronous(void)
{
	static char text[8];
	struct io_event event = { 0 };
	aio_context_t context = 0;
	struct iocb block = { .aio_fildes = (uint32_t)open("a.txt", O_RDONLY),
			      .aio_lio_opcode = IOCB_CMD_PREAD,
			      .aio_buf = (uintptr_t)text,
			      .aio_nbytes = 7 },
		    *blocks[] = { &block };

	TRY(syscall(SYS_io_setup, 4, &context));
	TRY(syscall(SYS_io_submit, context, 1, blocks));
	TRY(syscall(SYS_io_getevents, context, 1, 1, &event, NULL));
	say("%lld %.7s\n", (long long)event.res, text);
	block.aio_fildes = 99;
	TRY(syscall(SYS_io_submit, context, 1, blocks));
	TRY(syscall(SYS_io_destroy, context));
	TRY(syscall(SYS_io_destroy, context));
}

const struct act acts_sharing[] = {
	{ "share-segments", segments },
	{ "share-semaphores", semaphores },
	{ "share-messages", messages },
	{ "share-posix-queues", posix_queues },
	{ "share-posix-memory", posix_memory },
	{ "share-futexes", futexes },
	{ "share-owner-dies", owner_dies },
	{ "thread-opens", open_together },
	{ "thread-users", users },
	{ "thread-folders", folders },
	{ "aio", asynchronous },
	{ 0 },
};
