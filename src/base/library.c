/* SPDX-License-Identifier: Apache-2.0 */
#include "base/library.h"

#include <dlfcn.h>
#include <errno.h>

/* Most that one struct library is made of: the library itself and one that it shares types with. */
#define HANDLES 4

static void *find(void *const *handles, size_t n, const char *name)
{
	void *at = NULL;

	for (size_t i = 0; i < n && !at; i++)
		at = dlsym(handles[i], name);
	return at;
}

/* All functions or none: nobody may meet half a library. */
static int fill(const struct library *l, void *const *handles, struct error *err)
{
	for (size_t i = 0; i < l->nfunctions; i++)
		if (!find(handles, l->nsonames, l->functions[i].name))
			return error_set(err, -ELIBBAD, "%s has no function %s, which %s needs: is it too old?",
					 l->sonames[0], l->functions[i].name, l->user);
	for (size_t i = 0; i < l->nfunctions; i++)
		*l->functions[i].slot = find(handles, l->nsonames, l->functions[i].name);
	return 0;
}

static int load(const struct library *l, struct error *err)
{
	void *handles[HANDLES] = { NULL };
	int r = l->nsonames <= HANDLES ? 0 : error_set(err, -E2BIG, "%s: too many libraries", l->user);

	for (size_t i = 0; i < l->nsonames && r == 0; i++) {
		handles[i] = dlopen(l->sonames[i], RTLD_NOW | RTLD_LOCAL);
		if (!handles[i]) {
			const char *why = dlerror();

			r = error_set(err, -ELIBACC, "%s needs a library that cannot be loaded: %s", l->user,
				      why ? why : l->sonames[i]);
		}
	}
	if (r == 0)
		r = fill(l, handles, err);
	for (size_t i = 0; i < HANDLES && r < 0; i++)
		if (handles[i])
			dlclose(handles[i]);
	return r;
}

int library_load(struct library *library, struct error *err)
{
	int r = 0;

	pthread_mutex_lock(&library->lock);
	if (!library->loaded) {
		r = load(library, err);
		library->loaded = r == 0;
	}
	pthread_mutex_unlock(&library->lock);
	return r;
}
