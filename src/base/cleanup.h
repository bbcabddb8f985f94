/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_BASE_CLEANUP_H
#define MONITOR_BASE_CLEANUP_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/*
 * Resources that free themselves at the end of the scope. A type's own header declares its auto_<type> with
 * DEFINE_AUTO(); destructors accept NULL. Ownership leaves a scope through take_ptr()/take_fd().
 */
#define DEFINE_AUTO(type, name, destroy)                                                                              \
	static inline void name##_autofree(type **p)                                                                  \
	{                                                                                                             \
		destroy(*p);                                                                                          \
	}                                                                                                             \
	struct name##_autofree_needs_semicolon

/* unused: clang does not count the destructor as a use of a variable that is only there to be freed */
#define AUTO(name) __attribute__((cleanup(name##_autofree), unused))

static inline void free_autofree(void *p)
{
	free(*(void **)p);
}

static inline void fd_autofree(const int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		close(*fd);
	errno = saved;
}

static inline void file_autofree(FILE **f)
{
	if (*f)
		fclose(*f);
}

#define auto_free AUTO(free)
#define auto_fd	  AUTO(fd)
#define auto_file AUTO(file)

#define take_ptr(p)                                                                                                   \
	({                                                                                                            \
		__typeof__(p) *take_from_ = &(p);                                                                     \
		__typeof__(p) taken_ = *take_from_;                                                                   \
		*take_from_ = NULL;                                                                                   \
		taken_;                                                                                               \
	})

static inline int take_fd_from(int *fd)
{
	int taken = *fd;

	*fd = -1;
	return taken;
}
#define take_fd(fd) take_fd_from(&(fd))

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#endif
