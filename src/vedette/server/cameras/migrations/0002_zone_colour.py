from django.db import migrations, models

import vedette.server.cameras.limits


class Migration(migrations.Migration):
    dependencies = [
        ("cameras", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="zone",
            name="colour",
            field=models.CharField(
                blank=True, default="", max_length=7, validators=[vedette.server.cameras.limits.check_colour]
            ),
        ),
    ]
