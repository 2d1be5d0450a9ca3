/* SPDX-License-Identifier: Apache-2.0 */
/* Who is a member of a server's subtree, as far as the parent says so. */
#ifndef SEALWATCH_MEMBERSHIP_H
#define SEALWATCH_MEMBERSHIP_H

#include "programs.h"

/* Takes a SENSOR_TRACK; the marks are made by the next membership_mark(). */
int membership_track(struct programs *programs, const struct sensor_track *track);
/* Marks what was tracked since, with all that came out of it; a record for each new member goes to the ring. */
int membership_mark(struct programs *programs);
/* Takes a SENSOR_CONTAINER and marks what runs in it. */
int membership_contain(struct programs *programs, const struct sensor_container *container);
/* Ends a member by SENSOR_END; 0 also where it has ended already, -EPERM where the process is no member, or -errno. */
int membership_end(struct programs *programs, const struct sensor_end *end);
/* One pass over all members where there may be any: what changed about them goes to the ring. */
int membership_look(struct programs *programs);
/* A record for each member goes to the ring. */
int membership_tell(struct programs *programs);

#endif
