/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_APP_HOST_H
#define MONITOR_APP_HOST_H

#include "base/error.h"
#include "source/scap.h"

/*
 * What a capture's head tells and a live run has to ask for: the machine, names of users and groups
 * (/etc/passwd, /etc/group) and the addresses of network interfaces, as they are now. What cannot be read is
 * left out: ids are then shown without names.
 */
int host_describe(const struct scap_receiver *receiver, struct error *err);

#endif
