/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "state/container.h"

#define ID64 "ab12cd34ef560000000000000000000000000000000000000000000000000000"

struct shape {
	const char *path, *id; /* "" = host */
	int type;
};

static const struct shape shapes[] = {
	{ "/", "", -1 },
	{ "", "", -1 },
	{ "/init.scope", "", -1 },
	{ "/user.slice/user-1000.slice/session-2.scope", "", -1 },
	{ "/system.slice/sshd.service", "", -1 },
	{ "/docker/" ID64, "ab12cd34ef56", -1 },
	{ "/system.slice/docker-" ID64 ".scope", "ab12cd34ef56", -1 },
	{ "/kubepods/besteffort/pod1/" ID64, "ab12cd34ef56", -1 },
	{ "/kubepods.slice/kubepods-pod1.slice/cri-containerd-" ID64 ".scope", "ab12cd34ef56", -1 },
	{ "/kubepods.slice/kubepods-pod1.slice/crio-" ID64 ".scope", "ab12cd34ef56", -1 },
	{ "/kubepods/pod1/crio-" ID64, "ab12cd34ef56", -1 },
	{ "/system.slice/containerd.service/kubepods-pod1.slice:cri-containerd:" ID64, "ab12cd34ef56", -1 },
	{ "/system.slice/nerdctl-" ID64 ".scope", "ab12cd34ef56", -1 },
	{ "/machine.slice/libpod-" ID64 ".scope", "ab12cd34ef56", -1 },
	{ "/machine.slice/libpod-" ID64 ".scope/container", "ab12cd34ef56", -1 },
	{ "/libpod-" ID64, "ab12cd34ef56", -1 },
	{ "/libpod_parent/libpod-payload-" ID64, "ab12cd34ef56", -1 },
	{ "/default/redis", "redis", -1 },
	{ "/default/a-long-container-name", "a-long-conta", -1 },
	{ "/a/b/c", "b", -1 },
	{ "/a", "", -1 },
	{ "/lxc.payload.box/init", "init", -1 }, /* a namespace and an id for containerd, who is asked first */
	{ "/lxc/box", "box", -1 },
	{ "/lxc.payload.box", "box", 1 },
	{ "/machine/box.libvirt-lxc", "box.libvirt-", -1 },
	{ "/x.slice/machine-lxc\\x2d2293906\\x2dlibvirt\\x2dcontainer.scope", "2293906\\x2dlibvirt\\x2dcontainer", 2 },
	{ "/system.slice/bpm-job.1.scope", "job.1", 9 },
	{ "/bpm-job name", "", -1 },
};

static void test_shapes(void **ctx)
{
	size_t i;

	(void)ctx;
	for (i = 0; i < ARRAY_SIZE(shapes); i++) {
		int type = 0;
		struct str id = container_id_of_cgroup(str_of(shapes[i].path), &type);

		if (!str_eq(id, str_of(shapes[i].id)) || type != shapes[i].type)
			print_error("%s: '" STR_FMT "' %d\n", shapes[i].path, STR_ARG(id), type);
		assert_true(str_eq(id, str_of(shapes[i].id)));
		assert_int_equal(type, shapes[i].type);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shapes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
